/* The secure vector table: 16 of the architecture, 64 of the chip. What has no handler never happens,
 * and is a fault if it does. */
    .section .vectors, "a", %progbits
    .word   stack_top
    .word   pawl_reset
    .rept   9               /* 2 to 10: NMI of the watchdog, the faults */
    .word   pawl_fault_entry
    .endr
    .word   pawl_world_svc  /* 11 */
    .rept   3
    .word   pawl_fault_entry
    .endr
    .word   pawl_world_tick /* 15 */
    .rept   48
    .word   pawl_fault_entry
    .endr
    .word   pawl_world_ethernet /* interrupt 48 */
    .rept   15
    .word   pawl_fault_entry
    .endr
