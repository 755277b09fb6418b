import type { Say } from '../say.ts';
import { findPackaged, type PackagedProgram } from './packaged.ts';
import { run } from './run.ts';

const OLDEST = 7;

/** redis-server >= 7 (packaged.ts says where from). Throws `binary.unavailable`. */
export function findRedis(say: Say): Promise<PackagedProgram> {
  const hint = `install redis-server ${OLDEST} or newer, or name a running one in REDIS_URL`;
  return findPackaged(
    { name: 'redis-server', folder: 'bin', brew: 'redis', cache: 'redis', isUsable: isNewEnough, hint },
    say,
  );
}

async function isNewEnough({ command, env }: PackagedProgram): Promise<boolean> {
  const text = await run(command, ['--version'], { env: { ...process.env, ...env } }).catch(() => '');
  return Number(/ v=(\d+)\./.exec(text)?.[1] ?? 0) >= OLDEST;
}
