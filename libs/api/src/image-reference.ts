/** No registry takes a longer name, and no tag or digest is longer. */
const LONGEST_REFERENCE = 512;

const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*';
const TAG = String.raw`[\w][\w.-]{0,127}`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

/** The grammar of image references of the distribution project: `[host[:port]/]name[:tag][@digest]`. Read alike by Go and JavaScript. */
export const IMAGE_REFERENCE = {
  maxLength: LONGEST_REFERENCE,
  pattern: `^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@${DIGEST})?$`,
};

const reference = new RegExp(IMAGE_REFERENCE.pattern);

/** Why a text is no image reference, or undefined if it is one. */
export function imageFault(text: string): string | undefined {
  if (text.length > LONGEST_REFERENCE) return `it is longer than ${LONGEST_REFERENCE} characters`;
  if (reference.test(text)) return undefined;
  const placeholder = /<[^>]*>/.exec(text);
  if (placeholder !== null) return `put a value of your own in the place of "${placeholder[0]}"`;
  if (/\s/.test(text)) return 'it holds white space';
  if (text.includes('://')) return 'leave out the scheme';
  const [name = '', digest] = text.split('@');
  if (digest !== undefined && !new RegExp(`^${DIGEST}$`).test(digest))
    return 'the digest must be like "sha256:<64 hex digits>"';
  const tagAt = name.indexOf(':', name.lastIndexOf('/') + 1);
  const tag = tagAt === -1 ? undefined : name.slice(tagAt + 1);
  if (tag === '') return 'the tag is empty';
  if (tag !== undefined && !new RegExp(`^${TAG}$`).test(tag))
    return 'the tag may hold letters, digits, "_", "." and "-" only';
  const repository = tag === undefined ? name : name.slice(0, tagAt);
  const path = repository.includes('/') ? repository.slice(repository.indexOf('/') + 1) : repository;
  if (path !== path.toLowerCase()) return 'the repository must be lower-case';
  return 'write [host[:port]/]name[:tag][@digest]';
}
