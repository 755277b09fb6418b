export { floorOf } from './caches.ts';
export { Shell, type ShellOptions } from './shell.ts';
export { type ControllerSettings, type ControllerStart, startController } from './start.ts';
export type { Controller, Plan, Watch, World } from './types.ts';
export { keyOf, ownerOf } from './wake.ts';
