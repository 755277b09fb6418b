import { execFile } from 'node:child_process';
import { CodedError } from '@openfunction/errors';

/** Runs a short command and returns its standard output. Throws `process.failed` with its last line of error output. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string> {
  const { cwd, env = process.env, timeoutMs = 120_000 } = options;
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...(cwd && { cwd }), env, timeout: timeoutMs, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const why = stderr.trim().split('\n').at(-1) || error.message;
        reject(new CodedError('process.failed', `${command} ${args[0] ?? ''}: ${why}`, error));
      },
    );
  });
}
