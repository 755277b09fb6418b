/** Something that a context tells by name: an input or an output. */
export interface Named {
  /** What the manifest calls it. */
  name: string;
  /** The Component behind it. */
  component: string;
  /** What tells it from others of that name, e.g. its topic. */
  place: string;
}

/**
 * A key of its own for each entry: its name. Of several with one name the last keeps it, as in v1.2, which knew no other; those before are
 * called `<name>-<place>`. Of several with one name, component and place only the last counts: nothing tells them apart.
 */
export function keyEntries<Entry extends Named>(entries: readonly Entry[]): [string, Entry][] {
  const plain = new Map(entries.map((entry) => [entry.name, entry]));
  const distinct = new Map(entries.map((each) => [JSON.stringify([each.name, each.component, each.place]), each]));
  const taken = new Set(plain.keys());
  const counts = new Map<string, number>();
  return [...distinct.values()].map((entry) => {
    if (plain.get(entry.name) === entry) return [entry.name, entry];
    const wanted = entry.place === '' ? entry.name : `${entry.name}-${entry.place}`;
    let key = wanted;
    // Counted on from the last number of that key, not from the first: lists may be long.
    for (let count = counts.get(wanted) ?? 2; taken.has(key); count += 1) {
      key = `${wanted}-${count}`;
      counts.set(wanted, count + 1);
    }
    taken.add(key);
    return [key, entry];
  });
}
