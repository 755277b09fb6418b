#!/usr/bin/env node
// Runs a TypeScript entry of this repository from a fresh clone: node tools/bootstrap/run.mjs [--quiet] <entry.ts> [args…]
// Installs the packages if needed, finds Node 24, and passes signals and the exit code through. Plain JavaScript without
// dependencies, for Node 20 and newer. What it says goes to stderr, so that stdout is the entry's alone.
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './child.mjs';
import { findNode24 } from './node24.mjs';
import { ensurePackages } from './packages.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const OLDEST_NODE = 20;

async function main(argv) {
  const quiet = argv[0] === '--quiet';
  const [entry, ...args] = quiet ? argv.slice(1) : argv;
  if (entry === undefined) return fail('usage: node tools/bootstrap/run.mjs [--quiet] <entry.ts> [args…]');
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    return fail(
      `Node ${process.versions.node} is too old: version ${OLDEST_NODE} or newer is needed (https://nodejs.org/en/download)`,
    );
  }
  const packages = await ensurePackages(ROOT, say);
  if (packages !== 0) return packages;
  const node = findNode24(ROOT);
  if (node === undefined) {
    return fail(
      `Node 24 is needed and there is no package of it for ${process.platform}-${process.arch}: install it (https://nodejs.org/en/download) and run this again`,
    );
  }
  const preload = new URL('./with-parent.mjs', import.meta.url).href;
  const command = ['--disable-warning=ExperimentalWarning', `--import=${preload}`, join(ROOT, entry), ...args];
  // A quiet entry is an interactive tool: it stays in the terminal's foreground group.
  return runChild(node, command, { cwd: ROOT, interactive: quiet });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  return 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = typeof code === 'string' ? 128 + constants.signals[code] : code;
  },
  (error) => {
    process.exitCode = fail(error.message);
  },
);
