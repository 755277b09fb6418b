export { frameConfig } from './frame-config.ts';
export { type Check, Health, serveHealth } from './health.ts';
export { type RunningService, runService, type ServiceContext } from './run.ts';
