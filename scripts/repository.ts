/** Where the release is built, as GitHub's runners say it. */
export interface BuiltIn {
  /** GITHUB_SERVER_URL, such as `https://github.com`. */
  readonly server: string | undefined
  /** GITHUB_REPOSITORY: `owner/name`. */
  readonly name: string | undefined
}

/**
 * A package's manifest with its repository, which npm compares with the provenance; one that has it stays.
 *
 * @throws {Error} where neither the manifest nor the runner says it
 */
export function withRepository<Manifest extends object>(
  manifest: Manifest,
  { server, name }: BuiltIn,
  directory: string,
): Manifest & { readonly repository?: unknown } {
  if ('repository' in manifest) return manifest
  if (server === undefined || name === undefined || !/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw new Error(
      'No repository: publish by .github/workflows/release.yml, or set GITHUB_SERVER_URL and GITHUB_REPOSITORY to where these sources are.',
    )
  }
  return { ...manifest, repository: { type: 'git', url: `git+${server}/${name}.git`, directory } }
}
