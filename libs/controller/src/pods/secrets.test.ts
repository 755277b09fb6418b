import { describe, expect, it } from 'vitest';
import { redact } from './secrets.ts';

describe('credentials in foreign text', () => {
  it.each([
    ['a docker configuration', '{"auths":{"registry.example.com":{"auth":"dXNlcjpw...","email":""}}}', 'dXNlcjpw'],
    ['one in a string', '"{\\"auths\\":{\\"r.example\\":{\\"auth\\":\\"dXNlcjpw\\"}}}"', 'dXNlcjpw'],
    ['of npm', '//registry.example.com/:_auth=dXNlcjpwYXNz', 'dXNlcjpw'],
    ['of npm, newer', '//registry.example.com/:_authToken=abc-def', 'abc-def'],
    ['a bare auth', 'auth: dXNlcjpwYXNz', 'dXNlcjpw'],
    ['a quoted auth', '{"auth":"letmein"}', 'letmein'],
    ['a flag of curl', '+ curl -u bob:hunter2 https://git.example', 'hunter2'],
    ['a long flag of curl', 'curl --user=bob:hunter2 https://git.example', 'hunter2'],
    ['a short flag of docker', 'docker login -u bob -p hunter2 registry.example.com', 'hunter2'],
    ['a short flag of mysql', 'mysql -u root -phunter2 shop', 'hunter2'],
    ['a longer flag', 'tool --registry-password hunter2', 'hunter2'],
    ['MYSQL_PWD', 'MYSQL_PWD=hunter2 mysqldump', 'hunter2'],
    ['DB_PASS', 'DB_PASS=hunter2', 'hunter2'],
    ['dbPass', 'dbPass: "hunter2"', 'hunter2'],
    ['PASSPHRASE', 'PASSPHRASE: hunter2', 'hunter2'],
    ['passphrase', 'passphrase=hunter2', 'hunter2'],
    ['a connection string', 'Server=db;User Id=sa;Pwd=hunter2;Encrypt=yes', 'hunter2'],
    ['a connection string of Azure', 'AccountName=a;AccountKey=q8+/zz1==;Suffix=x', 'q8+/zz1'],
    ['SECRET_KEY', 'SECRET_KEY=hunter2', 'hunter2'],
    ['SECRET_KEY_BASE', 'SECRET_KEY_BASE: hunter2', 'hunter2'],
    ['STRIPE_SECRET_KEY', 'STRIPE_SECRET_KEY=abcdef', 'abcdef'],
    ['DJANGO_SECRET_KEY', 'DJANGO_SECRET_KEY = "hunter 2"', 'hunter'],
    ['ENCRYPTION_KEY', 'ENCRYPTION_KEY=hunter2', 'hunter2'],
    ['private_key', 'private_key: MIIEabc', 'MIIEabc'],
    ['APP_KEY_2', 'APP_KEY_2=hunter2', 'hunter2'],
    ['clientSecret', 'clientSecret=hunter2', 'hunter2'],
    ['a password in the middle of a name', 'db_password_old=hunter2', 'hunter2'],
    ['a value that begins with a common word', 'DB_PASSWORD=not-a-word', 'not-a-word'],
    ['a cookie', 'Cookie: session=abc; theme=dark', 'abc'],
    ['a cookie that is set', '< set-cookie: sid=abc; Path=/', 'abc'],
    ['a key of OpenAI', 'using sk-proj-abcdefgh12345678ijkl', 'abcdefgh'],
    ['a key of Stripe', 'using sk_live_abcdefgh12345678', 'abcdefgh'],
    ['a password with a slash in a URL', "access 'https://bob:hun/ter2@git.example/a.git'", 'ter2'],
    ['a row of a key behind the prefix of buildkit', `#8 0.1 MIIE${'Ab3/'.repeat(15)}`, 'Ab3/'],
    ['a row of a key behind a time', `2026-01-01T12:00:00.123Z MIIE${'Ab3/'.repeat(15)}\nnext`, 'Ab3/'],
    ['an indented row of a key', `    MIIE${'Ab3/'.repeat(15)}`, 'Ab3/'],
  ])('are hidden: %s', (_case, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('[hidden]');
  });

  it('leave what stands around them', () => {
    expect(redact('Server=db;Pwd=hunter2;Encrypt=yes')).toBe('Server=db;Pwd=[hidden];Encrypt=yes');
    expect(redact('GET /v2/?access_token=t0p&scope=a')).toBe('GET /v2/?access_token=[hidden]&scope=a');
    expect(redact('error: token=abc, expired')).toBe('error: token=[hidden], expired');
  });

  it.each([
    'unauthorized: authentication required',
    'error: auth: unauthorized',
    'auth: cannot read the configuration',
    `FROM example.com/a@sha256:${'0a'.repeat(32)}`,
    `"integrity": "sha512-abc"`,
    'git checkout 9bd3a0c1f2e4d5b6a7988990a1b2c3d4e5f60718',
    '/usr/local/lib/node_modules/npm/lib/cli.js:12:3',
    'docker run --cache-key=abc123 -u 1000:1000',
    'primary_key=id',
    'ssl_key=/etc/tls/private/key.pem',
    'PWD=/workspace/source',
    '--- PASS: TestAnswer (0.00s)',
    'pass=3 fail=1',
    'max_tokens=100',
    'tokenizer: fast',
    'secretName: git-secret',
    'secretKeyRef: {name: a, key: b}',
    'SyntaxError: Unexpected token: punc (;)',
    'error TS2322: { password: string; }',
    'password: not found',
    'password=""',
    'token: undefined',
    'https://registry.example:4873/@scope/name',
    'https://proxy.example/git.example/acme/a/@v/list',
    'the key of the map is missing',
    'import hf_hub_download, sk-learn',
  ])('are not seen where there are none: %s', (text) => expect(redact(text)).toBe(text));

  it.each([
    ['a', 1],
    [' ', 1],
    ['\n', 1],
    ['://a:', 5],
    ['eyJaaaaaaaa-', 12],
    ['sk-', 3],
    ['"', 1],
    ["'=", 2],
    ['token=', 6],
    ['token="', 7],
    ['password: ', 10],
    ['login ', 6],
    ['mysql ', 6],
    [' -u a', 5],
    ['auth:', 5],
    ['-----BEGIN ', 11],
    ['Bearer ', 7],
    ['?a', 2],
    ['A.', 2],
    ['cookie', 6],
    ['#8 0.1 A', 8],
  ])('are looked for in time in proportion to the text: %j', (unit, length) => {
    const text = unit.repeat(16_384 / length);
    const took = Array.from({ length: 9 }, () => {
      const from = performance.now();
      redact(text);
      return performance.now() - from;
    });
    expect(Math.min(...took)).toBeLessThan(5);
  });
});
