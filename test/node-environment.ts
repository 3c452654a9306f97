/** What a program is given that a test starts: where programs are, and how this Node starts quickly. */
export const nodeEnvironment = (): Record<string, string> => {
  const { PATH = '', NODE_OPTIONS, NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_OPTIONS && { NODE_OPTIONS }), ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) }
}
