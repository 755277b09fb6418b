/** Shipwright's names for what goes wrong with a repository, by what git prints. The first row that matches counts. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [
    /could not find remote ref|couldn't find remote ref|remote branch .* not found|not our ref|pathspec .* did not match|unknown revision|bad object/i,
    'GitRevisionNotFound',
  ],
  [/authentication failed|invalid username or password|http basic: access denied/i, 'GitAuthInvalidUserOrPass'],
  [/permission denied \(|host key verification failed|load key .* error/i, 'GitAuthInvalidKey'],
  [/could not read username|terminal prompts disabled/i, 'GitRemoteRepositoryPrivate'],
  [
    /repository .*not found|does not exist|does not appear to be a git repository|not a git repository/i,
    'GitRemoteRepositoryNotFound',
  ],
];

/** The reason for `failureDetails`, from git's last lines. */
export function classifyGitError(lines: readonly string[]): string {
  const text = lines.join('\n');
  return CLASSES.find(([pattern]) => pattern.test(text))?.[1] ?? 'GitError';
}

/** The line of git's output that says most: the last `fatal:` or `error:`, else the last line. */
export function tellingLine(lines: readonly string[]): string {
  const filled = lines.map((line) => line.trim()).filter((line) => line !== '');
  return filled.findLast((line) => /^(fatal|error):/.test(line)) ?? filled.at(-1) ?? 'git said nothing';
}

/** A URL without user name and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}
