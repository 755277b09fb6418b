import { describe, expect, it } from 'vitest';
import { plain, TAIL, tailOf } from './log-tail.ts';
import { redact } from './secrets.ts';

describe('what is shown of foreign text', () => {
  it.each([
    ['a password in a URL', "fatal: unable to access 'https://jane:s3cret@git.example/a.git/'", 's3cret'],
    ['a password with an @ in a URL', 'cloning https://jane:s3@cret@git.example/a.git', 'cret@'],
    ['a token as the user of a URL', 'https://ghx0123456789@git.example/a.git', 'ghx0123456789'],
    ['an Authorization header', '> Authorization: Basic amFuZTpzM2NyZXQ=', 'amFuZTpzM2NyZXQ'],
    ['a header in JSON', '{"authorization":"Bearer abc.def.ghi"}', 'abc.def'],
    ['a bearer token anywhere', 'sent Bearer abcdefgh12345678', 'abcdefgh12345678'],
    ['a token in a query', 'GET https://reg.example/v2/?scope=a&access_token=t0psecret&b=1', 't0psecret'],
    ['a signed URL', 'https://s3.example/o?X-Amz-Signature=deadbeef01', 'deadbeef01'],
    ['an assignment', 'NPM_TOKEN=abc123 npm ci', 'abc123'],
    ['a quoted value', 'password: "two words"', 'words'],
    ['a flag', 'docker login --password hunter2 reg.example', 'hunter2'],
    ['a well-known form of token', 'using ghp_abcdefghijklmnop0123', 'ghp_abcdefghijklmnop0123'],
    ['a JWT', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', 'eyJzdWIi'],
    [
      'a private key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1\nkey\n-----END OPENSSH PRIVATE KEY-----',
      'b3BlbnNz',
    ],
    ['the middle of a key', `${'QUJD'.repeat(16)}\nnext`, 'QUJDQUJD'],
  ])('hides %s', (_case, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('[hidden]');
  });

  it.each([
    ['a digest', `sha256:${'0a'.repeat(32)}`],
    ['a URL without credentials', "fatal: repository 'https://git.example/a.git/' not found"],
    ['a kind of authentication', 'Basic authentication has failed. Check your username or password.'],
    ['an address', 'write to jane@example.com'],
    ['a compiler error', "main.go:7:2: undefined: token, and 'key' is not used"],
    ['an error about a token', 'unable to retrieve auth token: unauthorized'],
    ['an error of npm', 'npm error code ERESOLVE'],
  ])('leaves %s as it is', (_case, text) => expect(redact(text)).toBe(text));

  it('is one line without colours', () => {
    expect(plain('\u001b[31mred\u001b[0m\r\n  [INFO] next\u0007')).toBe('red [INFO] next');
  });
});

describe('the tail of a log', () => {
  it('is its last five lines that are not empty', () => {
    const log = Array.from({ length: 9 }, (_, at) => `line ${at + 1}\n`).join('\n');
    expect(tailOf(log)).toBe('line 5 | line 6 | line 7 | line 8 | line 9');
  });

  it('has the error rather than the frames of its stack', () => {
    const frames = [
      '    at Object.<anonymous> (/app/index.js:1:7)',
      '    at node:internal/main/run_main_module:36:49',
      '    at async main (/app/main.js:40:32)',
      '    at new Promise (<anonymous>)',
      '\tat com.example.Answer.say(Answer.java:3)',
      '\tat java.base/jdk.internal.Method.invoke(Native Method)',
    ];
    const log = ['starting', 'Error: no ledger', ...frames, 'shutting down', 'at least one key is missing'].join('\n');
    expect(tailOf(log)).toBe('starting | Error: no ledger | shutting down | at least one key is missing');
  });

  it.each([
    ['many', `${'x y '.repeat(200)}\n`.repeat(8)],
    ['one endless', 'a b '.repeat(3_000)],
  ])('has at most 1,024 characters: %s', (_case, log) => {
    const tail = tailOf(log);
    expect(tail.length).toBeGreaterThan(200);
    expect(tail.length).toBeLessThanOrEqual(1_024);
  });

  it('leaves out the line that the size limit cut in two: a password may be what is left of it', () => {
    const log = `${'fine\n'.repeat(TAIL.bytes / 5)}https://jane:s3cret`;
    expect(tailOf(log)).toBe('fine | fine | fine | fine | fine');
  });

  it('is empty when there is none', () => expect([tailOf(undefined), tailOf('\n \n')]).toEqual(['', '']));
});
