/* Faults: the image's end it, the processor's own start the machine anew. */
#ifndef PAWL_FAULT_H
#define PAWL_FAULT_H

void pawl_fault_entry(void);

#endif
