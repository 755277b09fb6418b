/** Conversion between v1beta1 and v1beta2: what the rest of the project uses of it. */
export { type Conversion, convert } from './convert-object.ts';
export { jsonOf } from './json-text.ts';
export { v1beta1Path, v1beta2Path } from './paths.ts';
export { type Plugins, parseHooks, parseTracing } from './plugins.ts';
export {
  PRESERVED_ANNOTATIONS,
  PRESERVED_LIMIT,
  preservedSize,
  V1BETA1_PRESERVED,
  V1BETA2_PRESERVED,
  withoutPreserved,
} from './preserved.ts';
