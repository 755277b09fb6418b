/**
 * Runs `work` while holding the lock `file`, across processes. The file names the holder's process id and what it is doing;
 * the lock of a dead process is taken over. While waiting, `say` gets a line at least every 5 s.
 */
export function withLock<T>(
  file: string,
  doing: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T>;

/** Takes the lock `file` if nobody holds it: then `release` gives it back. Else `holder` says who does. */
export function tryLock(
  file: string,
  doing: string,
): Promise<
  { release: () => Promise<void>; holder?: never } | { holder: { pid: number; doing: string }; release?: never }
>;
