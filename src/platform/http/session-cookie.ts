/** `__Host-` demands Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3.2): no other host can set such a cookie. */
export const cookiePrefix = (publicUrl: string): string => (publicUrl.startsWith('https:') ? '__Host-vellum' : 'vellum')

/** The cookie that carries a session. */
export const sessionCookie = (publicUrl: string): string => `${cookiePrefix(publicUrl)}.session_token`

/** The cookie of a recipient who came by a mailed link. */
export const recipientCookie = (publicUrl: string): string => `${cookiePrefix(publicUrl)}.recipient`
