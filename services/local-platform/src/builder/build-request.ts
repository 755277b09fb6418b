/** Where the source of a build is. */
export interface SourceRequest {
  /** https, http, ssh (also `user@host:path`), git or file URL; `local://samples` is the repository of the platform's setting. */
  url: string;
  /** Branch, tag or commit; the repository's default branch when absent. */
  revision?: string | undefined;
  /** Folder below the root of the repository. */
  contextDir?: string | undefined;
  credentials?: GitCredentials | undefined;
}

/** From a Secret of type kubernetes.io/basic-auth or kubernetes.io/ssh-auth. */
export type GitCredentials = { username: string; password: string } | { privateKey: string };

/** Everything a build depends on, besides its tools. */
export interface BuildRequest {
  source: SourceRequest;
  /** Reference under which the image is stored. */
  image: string;
  builderImage?: string | undefined;
  /** The variables of the build: FUNC_NAME, FUNC_TYPE, FUNC_SRC and whatever the build tools read. */
  env: Record<string, string>;
}

/** What was checked out. */
export interface SourceResult {
  commitSha: string;
  commitAuthor: string;
  branchName?: string | undefined;
}
