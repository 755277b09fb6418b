import { fileURLToPath } from 'node:url';

/** The checkout that this launcher belongs to. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
