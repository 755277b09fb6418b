import { IMAGE_REFERENCE, imageFault } from '../image-reference.ts';
import { CREATE_AND_UPDATE, invalid, isBlank, parentPath, type Rule, valueAt } from '../rules.ts';
import { built, served } from './examples.ts';
import type { Example } from './field-rules.ts';

const VERSION =
  "must be usable in a label and in a resource name: lowercase letters, digits, '.', '-', at most 30 characters";
const VERSION_PATTERN = '^([a-z0-9]([-a-z0-9.]{0,28}[a-z0-9])?)?$';
const version = new RegExp(VERSION_PATTERN);

/** A field that names an image. A blank one is left to the rule that wants it. */
function imageRule(path: string, example: Example): Rule {
  return {
    id: `${path.slice('spec.'.length)}.reference`,
    number: 'N3',
    path,
    within: parentPath(path),
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'no image reference',
    twin: { words: { ...IMAGE_REFERENCE, pattern: `^\\s*$|${IMAGE_REFERENCE.pattern}` } },
    broken: (object) => {
      const image = valueAt(object, path);
      if (typeof image !== 'string' || isBlank(image)) return undefined;
      const fault = imageFault(image);
      return fault === undefined ? undefined : invalid(image, `is not a valid image reference: ${fault}`);
    },
    accepts: example('registry.example:5000/team/hello:v1'),
    refuses: example('registry/Hello'),
  };
}

/** Names of images, and the version that names revisions. */
export const IMAGE_RULES: readonly Rule[] = [
  imageRule('spec.image', (image) => served({ image })),
  imageRule('spec.build.builder', (builder) => built({ builder })),
  imageRule('spec.build.srcRepo.bundleContainer.image', (image) => built({ srcRepo: { bundleContainer: { image } } })),
  {
    // A label of all children, and without its dots part of a Knative revision's name (Q31).
    id: 'version.label',
    number: 'N2',
    path: 'spec.version',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'not usable in a label and in a resource name, or over 30 characters',
    twin: { words: { maxLength: 30, pattern: VERSION_PATTERN } },
    broken: (fn) => {
      const text = valueAt(fn, 'spec.version');
      return typeof text !== 'string' || version.test(text) ? undefined : invalid(text, VERSION);
    },
    accepts: served({ version: 'v1.0.0' }),
    refuses: served({ version: 'v1_0' }),
  },
];
