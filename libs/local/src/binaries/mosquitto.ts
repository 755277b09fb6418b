import type { Say } from '../say.ts';
import { findPackaged, type PackagedProgram } from './packaged.ts';
import { run } from './run.ts';

/** mosquitto, an MQTT broker (packaged.ts says where from). Throws `binary.unavailable`. */
export function findMosquitto(say: Say): Promise<PackagedProgram> {
  return findPackaged(
    {
      name: 'mosquitto',
      folder: 'sbin',
      brew: 'mosquitto',
      cache: 'mosquitto',
      isUsable: runs,
      hint: 'install mosquitto',
    },
    say,
  );
}

/** Its help text begins with its version, and ends with an exit code that is not 0. */
async function runs({ command, env }: PackagedProgram): Promise<boolean> {
  const text = await run('sh', ['-c', '"$1" -h || true', 'sh', command], { env: { ...process.env, ...env } }).catch(
    () => '',
  );
  return /^mosquitto version \d/m.test(text);
}
