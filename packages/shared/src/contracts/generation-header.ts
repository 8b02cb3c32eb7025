/** Response header that tells the generation of the activation whose model answered. */
export const GENERATION_HEADER = 'x-caissa-generation';
