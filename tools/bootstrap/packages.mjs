import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../libs/local/src/lock.mjs';
import { runChild } from './child.mjs';

const SAY_MS = 4000;
const SHOWN_LINES = 8;

/** Installs the packages unless they are there as package-lock.json says. Resolves with an exit code; 0 is fine. */
export async function ensurePackages(root, say) {
  if (whyInstall(root) === undefined) return 0;
  return withLock(join(root, '.local', 'packages.lock'), 'installing packages', say, async () => {
    const why = whyInstall(root);
    return why === undefined ? 0 : install(root, why, say);
  });
}

/** Why `npm ci` is needed; undefined when it is not. What npm installed, it keeps in node_modules/.package-lock.json. */
function whyInstall(root) {
  const file = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(file)) return 'node_modules is missing or incomplete';
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(file, 'utf8')).packages;
  const differs = ([path, entry]) => {
    const there = installed[path];
    // Packages for other machines are optional and absent.
    if (there === undefined) return entry.optional !== true;
    return there.version !== entry.version || there.integrity !== entry.integrity;
  };
  const entries = Object.entries(wanted).filter(([path]) => path.startsWith('node_modules/'));
  const different = entries.find(differs);
  return different && `${different[0]} is not as package-lock.json says`;
}

async function install(root, why, say) {
  const started = Date.now();
  say(`installing packages with npm ci (${why})`);
  const timer = setInterval(() => say(`npm ci: ${Math.round((Date.now() - started) / 1000)} s`), SAY_MS);
  let output = '';
  const onOutput = (data) => {
    output += data;
  };
  // NODE_ENV=production or a user's `omit` would leave out what is needed here (Node 24 itself is optional).
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, ...first] = npm();
  const code = await runChild(command, [...first, ...args], { cwd: root, onOutput }).finally(() =>
    clearInterval(timer),
  );
  if (code === 0) say(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
  else say(`${firstErrors(output)}\nnpm ci failed (${code}): see above; run this again when the cause is gone`);
  return code;
}

/** What npm says about the cause comes first; its help text follows. */
function firstErrors(output) {
  const lines = output.split('\n').filter((line) => !line.startsWith('npm warn') && line.trim() !== '');
  return lines.slice(0, SHOWN_LINES).join('\n');
}

/** The npm that runs us, else the one on PATH. */
function npm() {
  const cli = process.env['npm_execpath'];
  return cli?.endsWith('.js') ? [process.execPath, cli] : ['npm'];
}
