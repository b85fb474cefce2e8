// What `resultRow` returns for a row of a product that is not part of y.
const NO_ROW = 0xffffffffu;
