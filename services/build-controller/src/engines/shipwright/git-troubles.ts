import { plain } from '@openfunction/controller/pods';
import type { Facts } from './evidence.ts';
import { isSource, match, NO_CONNECTION, NO_HOST, said, type Trouble, where } from './trouble.ts';

/** What goes wrong while the source is fetched. */
export const GIT_TROUBLES: readonly Trouble[] = [
  {
    reason: 'GitHostUnknown',
    isIt: (facts) => isSource(facts) && NO_HOST.test(facts.text),
    cause: (facts) => `${where(facts)}host ${match(NO_HOST, facts.text)} of ${repository(facts)} is unknown`,
    next: () => 'Check spec.build.srcRepo.url, and that the DNS of this cluster knows the host',
    rebuilds: 'perhaps',
  },
  {
    reason: 'GitHostUnreachable',
    isIt: (facts) => isSource(facts) && NO_CONNECTION.test(facts.text),
    cause: (facts) =>
      `${where(facts)}${repository(facts)} cannot be reached: no connection to ${match(NO_CONNECTION, facts.text)}`,
    next: () =>
      'Check spec.build.srcRepo.url, and that pods of this cluster may reach the host (firewall, proxy, NetworkPolicy)',
    rebuilds: 'perhaps',
  },
  {
    reason: ({ detailReason }) => detailReason,
    isIt: ({ detailReason }) => Object.hasOwn(GIT_NEXT, detailReason),
    cause: (facts) => `${where(facts)}${repository(facts)}: ${said(facts) || facts.detail}`,
    next: (facts) => GIT_NEXT[facts.detailReason]?.(facts) ?? '',
    rebuilds: 'perhaps',
  },
];

/** What helps against each kind of Git error that Shipwright's clone step tells apart (pkg/git/error_parser.go). */
const GIT_NEXT: Record<string, (facts: Facts) => string> = {
  GitAuthInvalidUserOrPass: (facts) => `Correct username and password (a token, for most hosts) in ${gitSecret(facts)}`,
  GitAuthInvalidKey: (facts) => `Correct ssh-privatekey in ${gitSecret(facts)}, and check that the repository exists`,
  GitBasicAuthIncomplete: (facts) => `Give both username and password in ${gitSecret(facts)}`,
  GitSSHAuthUnexpected: (facts) =>
    `Use an SSH URL in spec.build.srcRepo.url, or username and password in ${gitSecret(facts)}`,
  GitSSHAuthExpected: (facts) =>
    `Use an https URL in spec.build.srcRepo.url, or an ssh-privatekey in ${gitSecret(facts)}`,
  AuthUnexpectedHTTP: () => 'Use https in spec.build.srcRepo.url: a password does not go over plain http',
  GitRevisionNotFound: ({ builder }) => `Check spec.build.srcRepo.revision (${revisionOf(builder)})`,
  GitRemoteRepositoryNotFound: (facts) => `Check spec.build.srcRepo.url; for a private repository, ${gitSecret(facts)}`,
  GitRemoteRepositoryPrivate: (facts) => `Check spec.build.srcRepo.url; for a private repository, ${gitSecret(facts)}`,
};

function repository({ builder }: Facts): string {
  const { url, bundleContainer } = builder.spec.srcRepo;
  return plain(url ?? bundleContainer?.image ?? 'the source');
}

function revisionOf({ spec }: Facts['builder']): string {
  const { revision } = spec.srcRepo;
  return revision === undefined ? 'not set: the default branch' : `"${revision}"`;
}

function gitSecret({ builder, namespace }: Facts): string {
  const name = builder.spec.srcRepo.credentials?.name;
  return name === undefined
    ? `a Secret of namespace ${namespace}, named in spec.build.srcRepo.credentials`
    : `Secret ${namespace}/${name} (spec.build.srcRepo.credentials)`;
}
