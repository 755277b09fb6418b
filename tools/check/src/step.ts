import { spawn } from 'node:child_process';

/** How one step of a check ended. */
export interface StepResult {
  name: string;
  ok: boolean;
  output: string;
}

/** Runs a program of node_modules under this Node, prints one line when it has ended, and its output only if it failed. */
export async function runStep(name: string, script: string, args: readonly string[]): Promise<StepResult> {
  const startedAt = performance.now();
  const { code, output } = await runProgram(script, args);
  const ok = code === 0;
  console.log(
    `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
  if (!ok) console.log(output);
  return { name, ok, output };
}

function runProgram(script: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
