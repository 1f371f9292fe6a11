/** The port every server listens on. */
export const containerPort = 8080;

/** The port a stack's own MongoDB listens on. */
export const mongoDbPort = 27017;
