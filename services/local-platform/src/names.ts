/** Field manager and reporter of everything the local platform writes. */
export const MANAGER = 'openfunction-local-platform';
/** The one node of the local platform. */
export const NODE_NAME = 'local';
/** Controller names in the status of gateway objects. */
export const GATEWAY_CONTROLLER = 'openfunction.io/local-gateway';
