import { BUILDER_RULES } from './builder/rules.ts';
import { FUNCTION_DEFAULTS } from './function/defaults.ts';
import { FUNCTION_RULES } from './function/rules.ts';
import { GATEWAY_DEFAULTS } from './gateway/defaults.ts';
import { GATEWAY_RULES } from './gateway/rules.ts';
import { BUILDER, FUNCTION, GATEWAY, type Kind, SERVING } from './kinds.ts';
import type { Default, Rule } from './rules.ts';
import { SERVING_RULES } from './serving/rules.ts';

/** Everything that admission does to one kind. */
export interface AdmissionTable {
  kind: Kind;
  defaults: readonly Default[];
  rules: readonly Rule[];
}

export const FUNCTION_TABLE: AdmissionTable = { kind: FUNCTION, defaults: FUNCTION_DEFAULTS, rules: FUNCTION_RULES };
export const BUILDER_TABLE: AdmissionTable = { kind: BUILDER, defaults: [], rules: BUILDER_RULES };
export const GATEWAY_TABLE: AdmissionTable = { kind: GATEWAY, defaults: GATEWAY_DEFAULTS, rules: GATEWAY_RULES };
export const SERVING_TABLE: AdmissionTable = { kind: SERVING, defaults: [], rules: SERVING_RULES };

/** What holds for objects as an older version writes them, besides. */
export { FUNCTION_V1BETA1_RULES, SERVING_V1BETA1_RULES } from './v1beta1/rules.ts';

/** The tables of all kinds, each in the version that is stored. */
export const ADMISSION_TABLES: readonly AdmissionTable[] = [
  FUNCTION_TABLE,
  BUILDER_TABLE,
  SERVING_TABLE,
  GATEWAY_TABLE,
];
