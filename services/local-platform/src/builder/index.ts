export { type BuilderOptions, builderCache, type RunningBuilder, startBuilder } from './start-builder.ts';
