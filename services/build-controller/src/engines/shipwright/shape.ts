import type { Builder } from '@openfunction/api';

/** What the two versions of Shipwright's API say differently. */
export interface Shape {
  source: (builder: Builder) => object;
  /** The builder image and the Dockerfile, where they are fields of the Build. */
  tools: (builder: Builder) => object;
  output: (builder: Builder) => object;
  /** What a BuildRun says of its Build and of the account it runs under: a throw-away one. */
  run: (build: string) => object;
}
