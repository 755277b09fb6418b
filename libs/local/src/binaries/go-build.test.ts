import { expect, test } from 'vitest';
import { goModOf } from './go-build.ts';
import { PROGRAMS } from './programs.ts';

test('staging modules of Kubernetes get the version that is published beside it', () => {
  const text = goModOf(PROGRAMS['kube-apiserver'], {
    Go: '1.24.0',
    Require: [{ Path: 'k8s.io/api', Version: 'v0.0.0' }],
    Replace: [{ Old: { Path: 'k8s.io/api' }, New: { Path: './staging/src/k8s.io/api' } }],
  });
  expect(text).toBe(
    [
      'module build.local/kube-apiserver',
      '',
      'go 1.24.0',
      '',
      'require (',
      '\tk8s.io/kubernetes v1.34.4',
      '\tk8s.io/api v0.0.0',
      ')',
      '',
      'replace (',
      '\tk8s.io/api => k8s.io/api v0.34.4',
      ')',
      '',
    ].join('\n'),
  );
});

test('other replacements are kept, and folders beside a module are not', () => {
  const text = goModOf(PROGRAMS.etcd, {
    Go: '1.24',
    Require: [],
    Replace: [
      { Old: { Path: 'go.etcd.io/etcd/api/v3' }, New: { Path: '../api' } },
      { Old: { Path: 'a.b/c', Version: 'v1.0.0' }, New: { Path: 'd.e/f', Version: 'v1.2.3' } },
    ],
  });
  expect(text).not.toContain('../api');
  expect(text).toContain('\ta.b/c v1.0.0 => d.e/f v1.2.3\n');
});

test('a module of which only a part is compiled comes from the copy that holds it', () => {
  const theirs = { Go: '1.24', Require: [], Replace: null };
  expect(goModOf(PROGRAMS.daprd, theirs, '/scratch/pruned')).toContain(
    'replace (\n\tgithub.com/dapr/dapr => /scratch/pruned\n)',
  );
});
