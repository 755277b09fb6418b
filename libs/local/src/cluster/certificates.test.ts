import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { isValidFor, makeAuthority, makeLeaf, makeSigningKey } from './certificates.ts';

test('a server and a client with certificates of one authority trust each other', async () => {
  const authority = await makeAuthority('test-ca');
  const server = await makeLeaf(authority, { commonName: 'server', dnsNames: ['localhost'], addresses: ['127.0.0.1'] });
  const client = await makeLeaf(authority, { commonName: 'someone', organizations: ['team-a', 'team-b'] });
  const listener = createServer(
    { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(JSON.stringify([subject.CN, subject.O]));
    },
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const seen = await new Promise<string>((resolve, reject) => {
    get({ host: '127.0.0.1', port, ca: authority.cert, ...client, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
  expect(JSON.parse(seen)).toEqual(['someone', ['team-a', 'team-b']]);
  listener.close();
});

test('an authority can sign and a leaf cannot; both are P-256', async () => {
  const authority = await makeAuthority('test-ca');
  const leaf = await makeLeaf(authority, { commonName: 'x' });
  expect([new X509Certificate(authority.cert).ca, new X509Certificate(leaf.cert).ca]).toEqual([true, false]);
  expect(createPrivateKey(leaf.key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect([isValidFor(leaf.cert, 360), isValidFor(leaf.cert, 370)]).toEqual([true, false]);
});

test('a signing key comes with its public half', async () => {
  const pair = await makeSigningKey();
  expect(pair.key).toContain('BEGIN PRIVATE KEY');
  expect(pair.publicKey).toContain('BEGIN PUBLIC KEY');
});
