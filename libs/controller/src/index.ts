export { floorOf } from './caches.ts';
export { type ControllerSettings, controllerSettings } from './settings.ts';
export { Shell, type ShellOptions } from './shell.ts';
export { type ControllerStart, startController } from './start.ts';
export type { Adjustment, Controller, Plan, Watch, World } from './types.ts';
export { keyOf, ownerOf } from './wake.ts';
