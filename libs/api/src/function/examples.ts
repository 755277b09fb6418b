/** The base of the rows' examples: objects that every rule accepts. */
const SERVED = { image: 'registry/hello', serving: {} };
const BUILD = { builder: 'builder-go', srcRepo: { url: 'https://git.example/hello' } };

/** A Function that is only served, whose spec has these members besides. */
export function served(more: object): unknown {
  return { spec: { ...SERVED, ...more } };
}

/** A Function that is only built, whose `spec.build` has these members besides. */
export function built(more: object): unknown {
  return { spec: { image: 'registry/hello', build: { ...BUILD, ...more } } };
}

/** A Function that is only served, with these `spec.serving.scaleOptions`. */
export function scaled(scaleOptions: object): unknown {
  return served({ serving: { scaleOptions } });
}
