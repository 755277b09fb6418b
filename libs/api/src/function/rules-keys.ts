import { type Complaint, CREATE_AND_UPDATE, isObject, type Rule, segments, valueAt } from '../rules.ts';

/** Complaints about keys of a map, each at its key. */
export function keysRule(
  path: string,
  row: Pick<Rule, 'id' | 'level' | 'says' | 'accepts' | 'refuses'>,
  complain: (key: string) => Complaint | undefined,
): Rule {
  return {
    ...row,
    id: `${path.slice('spec.'.length)}.${row.id}`,
    number: 'N22',
    path: `${path}.*`,
    within: path,
    on: CREATE_AND_UPDATE,
    broken: (object) => {
      const map = valueAt(object, path);
      if (!isObject(map)) return undefined;
      const found = Object.keys(map).flatMap((key) => {
        const complaint = complain(key);
        return complaint === undefined ? [] : [{ ...complaint, at: [...segments(path), key] }];
      });
      return found.length === 0 ? undefined : found;
    },
  };
}
