// Runs one child process: signals in, exit code out, nothing left behind.
import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// Ctrl-C reaches npm and us at once, and npm sends it to us again.
const SAME_SIGNAL_MS = 1000;
const PARENT_CHECK_MS = 1000;

/**
 * Resolves with the exit code, or the name of the signal that ended it.
 * The child leads a session of its own, so that Ctrl-C reaches it through us and only once; an interactive one keeps the
 * terminal instead and gets Ctrl-C from there. `onOutput` gets stdout and stderr instead of ours. If we die, the child sees the end of
 * its file descriptor 3 (with-parent.mjs); if npm dies, we see it and tell the child to stop.
 */
export function runChild(command, args, { cwd, interactive = false, onOutput }) {
  const output = onOutput === undefined ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    cwd,
    detached: !interactive,
    stdio: ['inherit', output, output, 'pipe'],
    env: { ...process.env, OPENFUNCTION_PARENT: String(process.pid) },
  });
  child.stdout?.on('data', onOutput);
  child.stderr?.on('data', onOutput);
  const stopPassing = passSignals(child, interactive && process.stdin.isTTY === true);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
    // With pipes of ours, wait for the last output; else a process that the child left behind must not hold us up.
    child.once(onOutput === undefined ? 'exit' : 'close', (code, signal) => {
      stopPassing();
      resolve(signal ?? code);
    });
  });
}

function passSignals(child, terminalDoes) {
  const last = new Map();
  const pass = (signal) => {
    if (signal === 'SIGINT' && terminalDoes) return;
    if (Date.now() - (last.get(signal) ?? 0) < SAME_SIGNAL_MS) return;
    last.set(signal, Date.now());
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  const watch = watchNpm(() => child.kill('SIGTERM'));
  return () => {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, pass);
  };
}

/** npm passes SIGTERM on to a shell that may not pass it on to us; we notice that our parent is gone. */
function watchNpm(onGone) {
  if (process.env['npm_lifecycle_event'] === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, PARENT_CHECK_MS).unref();
}
