/** That a mailed link to sign in works. */
export const linkSeconds = 600
