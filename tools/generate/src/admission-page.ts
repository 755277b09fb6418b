import type { AdmissionTable, Default, Rule } from '@openfunction/api';

/**
 * The page with its tables renewed: what stands between `<!-- name -->` and `<!-- /name -->` is generated, everything else is kept.
 * @throws Error when a pair of marks is missing
 */
export function admissionPage(page: string, kinds: readonly AdmissionTable[]): string {
  const sections = [
    [
      'defaults',
      kinds.map(({ kind, defaults }) =>
        section(kind.kind, ['Number', 'Row', 'Field', 'Value'], defaults.map(defaultLine)),
      ),
    ],
    [
      'rules',
      kinds.map(({ kind, rules }) =>
        section(kind.kind, ['Number', 'Row', 'Field', 'What is refused', 'CRD'], rules.map(ruleLine)),
      ),
    ],
    ['webhook-only', [...kinds.map(({ kind, rules }) => withoutTwin(kind.kind, rules))]],
  ] as const;
  return sections.reduce(
    (text, [name, parts]) => between(text, name, parts.filter((part) => part !== '').join('\n\n')),
    page,
  );
}

function between(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/admission.md has no ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${content}\n\n${page.slice(to)}`;
}

function section(kind: string, heads: readonly string[], lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return [`### ${kind}`, '', row(heads), `|${'---|'.repeat(heads.length)}`, ...lines].join('\n');
}

function defaultLine({ number, id, path, says }: Default): string {
  return row([number, `\`${id}\``, `\`${path}\``, says]);
}

/** How the CRD holds the same rule. */
function ruleLine({ number, id, path, level, says, twin }: Rule): string {
  const held = twin === undefined ? '' : twin === 'schema' || 'words' in twin ? 'schema' : 'CEL';
  return row([number, `\`${id}\``, `\`${path}\``, level === 'warn' ? `warning: ${says}` : says, held]);
}

function withoutTwin(kind: string, rules: readonly Rule[]): string {
  const names = rules.filter(({ level, twin }) => level === 'deny' && twin === undefined).map(({ id }) => `\`${id}\``);
  return names.length === 0 ? '' : `- ${kind}: ${names.join(', ')}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
