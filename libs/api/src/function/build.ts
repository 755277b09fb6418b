import * as z from 'zod';
import { LocalObjectReference } from '../embedded/meta.ts';
import { ShipwrightEngine } from '../embedded/shipwright.ts';
import { duration, int32, textMap } from '../schema.ts';

/** Where the source of a function is. */
export const SourceRepository = z.object({
  url: z.string().optional().describe('URL of the Git repository. Needed unless bundleContainer is set.'),
  bundleContainer: z
    .object({ image: z.string().describe('Image that holds the source.') })
    .optional()
    .describe('Takes the source from an image instead of Git; wins over url.'),
  revision: z.string().optional().describe("Branch, tag or commit. Unset: the repository's default branch."),
  sourceSubPath: z.string().optional().describe('Folder of the function inside the source.'),
  credentials: LocalObjectReference.optional().describe('Secret with the credentials of the source.'),
});
export type SourceRepository = z.input<typeof SourceRepository>;

/** How to make the image: `spec.build` of a Function, and the same fields directly under `spec` of a Builder. */
export const BuildSpec = z.object({
  srcRepo: SourceRepository.describe('Where the source is.'),
  builder: z.string().optional().describe('Builder image. Needed unless dockerfile is set.'),
  builderCredentials: LocalObjectReference.optional().describe(
    'Secret with the credentials of the builder image. Without effect where Shipwright serves v1beta1.',
  ),
  dockerfile: z.string().optional().describe('Path of a Dockerfile in the source. Needed unless builder is set.'),
  env: textMap().optional().describe('Environment variables of the build.'),
  shipwright: ShipwrightEngine.optional().describe('Settings of the Shipwright build.'),
  timeout: duration().optional().describe('Time limit of the whole build, e.g. 10m. Unset: none.'),
  successfulBuildsHistoryLimit: int32().optional().describe('Successful Builders kept. Unset: 0.'),
  failedBuildsHistoryLimit: int32().optional().describe('Failed Builders kept. Unset: 1.'),
  builderMaxAge: duration().optional().describe('Age at which finished Builders are deleted, e.g. 24h. Unset: never.'),
});
export type BuildSpec = z.input<typeof BuildSpec>;

/** Where the source of a built image came from. */
export const SourceResult = z.object({
  name: z.string().describe('Name of the source.'),
  git: z
    .object({
      commitSha: z.string().optional().describe('Commit that was built.'),
      commitAuthor: z.string().optional().describe('Author of the commit.'),
      branchName: z.string().optional().describe('Branch of the commit.'),
    })
    .optional()
    .describe('Git source.'),
  bundle: z
    .object({ digest: z.string().optional().describe('Digest of the source image.') })
    .optional()
    .describe('Source image.'),
});
export type SourceResult = z.input<typeof SourceResult>;
