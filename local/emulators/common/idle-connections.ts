/**
 * Who closes an idle connection: always the client. A request that meets a connection which its server is just closing
 * has no answer, and cannot be made again once its body is sent.
 */

/** So long do servers keep idle connections, in milliseconds: longer than clients do. */
export const SERVER_KEEPS_MS = 120_000;

/** So long do clients keep them to servers that may be Node's own, which close after 5 s. */
export const CLIENT_KEEPS_MS = 1_000;
