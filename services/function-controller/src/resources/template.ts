/** Variables of `hostTemplate` and `pathTemplate` of a Gateway (gateway.md §3). */
export interface TemplateValues {
  Name: string;
  Namespace: string;
  Domain?: string;
}

const VARIABLE = /\{\{-?\s*\.(\w+)\s*-?\}\}/g;
const COMMENT = /\{\{-?\s*\/\*.*?\*\/\s*-?\}\}/gs;

/** Renders literals, `{{.Name}}`, `{{.Namespace}}` and `{{.Domain}}`; undefined when the template uses anything else (§15.6). */
export function renderTemplate(template: string, values: TemplateValues): string | undefined {
  const known = values as unknown as Record<string, string | undefined>;
  let complete = true;
  const text = template.replaceAll(COMMENT, '').replaceAll(VARIABLE, (_match, name: string) => {
    if (known[name] === undefined) complete = false;
    return known[name] ?? '';
  });
  return complete && !text.includes('{{') && !text.includes('}}') ? text : undefined;
}
