/** Version of the answers file; saved settings carry it. */
export const ANSWERS_VERSION = 1;
