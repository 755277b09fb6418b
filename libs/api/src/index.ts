export * from './kinds.ts';
export * from './object.ts';
