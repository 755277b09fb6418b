import { execFileSync } from 'node:child_process';

/** For the names of tests that need Go: empty with a go on PATH, else why they are skipped. */
export function needsGo(what: string): string {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return '';
  } catch {
    return ` (skipped: ${what}, and there is no go)`;
  }
}
