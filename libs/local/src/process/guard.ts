import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends our children when this process is gone, however it went (kill -9 included).
 *
 * A parent-death signal exists on Linux only, and foreign binaries cannot be taught to watch a pipe. So one small shell per
 * process of ours reads our end of a pipe: `+ pid` and `- pid` keep its list; end of file means that we are gone, and then it
 * sends SIGTERM, and SIGKILL 5 s later, to the process group of every pid still listed. POSIX sh only: Linux and macOS alike.
 */
const SCRIPT = `
trap '' INT TERM HUP
listed=' '
while read -r change pid; do
  case $change in
    +) listed="$listed$pid " ;;
    -) kept=' '; for p in $listed; do [ "$p" = "$pid" ] || kept="$kept$p "; done; listed=$kept ;;
  esac
done
for p in $listed; do kill -s TERM -- "-$p" 2>/dev/null; done
turns=0
while [ "$listed" != ' ' ] && [ $turns -lt 50 ]; do
  sleep 0.1
  turns=$((turns + 1))
  kept=' '; for p in $listed; do kill -s 0 -- "-$p" 2>/dev/null && kept="$kept$p "; done; listed=$kept
done
for p in $listed; do kill -s KILL -- "-$p" 2>/dev/null; done
`;

const guarded = new Set<number>();
let shell: ChildProcess | undefined;

/** Starts the shell that ends our children. Called before a child is started, so that no moment is between the two. */
export function prepareGuard(): void {
  shell ??= startShell();
}

/** From now on the process group led by `pid` ends when this process ends. */
export function guard(pid: number): void {
  prepareGuard();
  guarded.add(pid);
  tell(`+ ${pid}`);
}

/** `pid` has ended: its number may soon be another program's. */
export function unguard(pid: number): void {
  if (!guarded.delete(pid)) return;
  tell(`- ${pid}`);
  if (guarded.size > 0) return;
  shell?.stdin?.end();
  shell = undefined;
}

function startShell(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
  // The guard must never keep this process alive, nor end it when a write comes too late.
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  child.stdin?.on('error', () => {});
  return child;
}

function tell(line: string): void {
  shell?.stdin?.write(`${line}\n`);
}
