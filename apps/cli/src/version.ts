/** The version of this program, in every manifest it writes. */
export const version = '0.1.0';
