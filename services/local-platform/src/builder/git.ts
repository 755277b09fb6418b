import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildFailure, diskFull, saysDiskFull } from './build-failure.ts';
import type { GitCredentials, SourceRequest } from './build-request.ts';
import { type Outcome, runCommand } from './command.ts';
import { classifyGitError, tellingLine, withoutCredentials } from './git-error.ts';

/** git in one repository, with the words for its failures. */
export class GitRepository {
  readonly directory: string;
  readonly #request: SourceRequest;
  readonly #env: Record<string, string>;
  readonly #signal: AbortSignal | undefined;

  constructor(directory: string, request: SourceRequest, env: Record<string, string>, signal: AbortSignal | undefined) {
    this.directory = directory;
    this.#request = request;
    this.#env = env;
    this.#signal = signal;
  }

  async run(...args: string[]): Promise<Outcome> {
    try {
      return await runCommand({ program: 'git', args, cwd: this.directory, env: this.#env, signal: this.#signal });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new BuildFailure({
        step: 'step-source',
        reason: 'GitMissing',
        sentence: 'git is needed to fetch the source and is not on PATH',
      });
    }
  }

  async must(...args: string[]): Promise<Outcome> {
    const outcome = await this.run(...args);
    if (outcome.exitCode !== 0) throw this.failure(outcome);
    return outcome;
  }

  /** One sentence: which repository, which revision, and git's own last word, with no credentials in it. */
  failure(outcome: Outcome): BuildFailure {
    if (saysDiskFull(undefined, outcome.lines)) return diskFull('step-source', this.directory);
    const { url, revision, credentials } = this.#request;
    const secrets = [
      /\/\/[^/@]*:([^/@]*)@/.exec(url)?.[1],
      credentials && 'password' in credentials ? credentials.password : undefined,
    ];
    const lines = outcome.lines.map((line) => hide(line.replaceAll(url, withoutCredentials(url)), secrets));
    const what = revision === undefined ? '' : ` at revision ${JSON.stringify(revision)}`;
    const sentence = `the repository ${withoutCredentials(url)}${what} cannot be fetched: ${tellingLine(lines)}`;
    return new BuildFailure({
      step: 'step-source',
      reason: classifyGitError(lines),
      sentence,
      lines,
      exitCode: outcome.exitCode,
    });
  }
}

function hide(line: string, secrets: readonly (string | undefined)[]): string {
  let text = line;
  for (const secret of secrets) {
    if (secret !== undefined && secret !== '')
      text = text.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
  }
  return text;
}

/** Where the private key of a run is, while it is needed. */
export const KEY_FILE = 'ssh-key';
const SSH = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new';
/** Hands the pair over by environment, so that it is in no argument list and no file. */
const HELPER = '!f() { echo "username=$OPENFUNCTION_GIT_USERNAME"; echo "password=$OPENFUNCTION_GIT_PASSWORD"; }; f';

/** git in English, without any question to the user, without odd transports. */
export async function makeGitEnvironment(
  credentials: GitCredentials | undefined,
  work: string,
  environment: Record<string, string>,
): Promise<Record<string, string>> {
  const env = {
    ...environment,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
    GIT_SSH_COMMAND: SSH,
  };
  if (credentials === undefined) return env;
  if ('privateKey' in credentials) {
    const file = join(work, KEY_FILE);
    await writeFile(file, `${credentials.privateKey.trimEnd()}\n`, { mode: 0o600 });
    return { ...env, GIT_SSH_COMMAND: `${SSH} -o IdentitiesOnly=yes -i '${file.replaceAll("'", "'\\''")}'` };
  }
  return {
    ...env,
    OPENFUNCTION_GIT_USERNAME: credentials.username,
    OPENFUNCTION_GIT_PASSWORD: credentials.password,
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'credential.helper',
    GIT_CONFIG_VALUE_0: '',
    GIT_CONFIG_KEY_1: 'credential.helper',
    GIT_CONFIG_VALUE_1: HELPER,
  };
}
