#!/bin/bash
# Seeds for fuzz_link: stories in its own terms (one byte for the act, then its arguments).
#
# usage: link_seeds.sh DIRECTORY
set -euo pipefail
mkdir -p "$1"
cd "$1"

offer='\x02' bring='\x04' install='\x05' exited='\x06\x00' crashed='\x06\x02' reboot='\x08'
whole='\xff\x00'
download() { printf '%s' "$offer\\x0$1\\x00\\x00$bring\\x0$1$whole$install"; }
first=$(download 0)$exited

printf '%b' "$first" >first
printf '%b' "$first$(download 1)\\x03" >contact
printf '%b' "$first$(download 1)$crashed$reboot" >failing
printf '%b' "$offer\\x02\\x00\\x00$bring\\x02$whole$bring\\x02$whole$install$exited" >direct
printf '%b' "$offer\\x01\\x00\\x00$bring\\x01\\x20\\x00$reboot$offer\\x01\\x00\\x00$bring\\x01$whole$install\\x03" \
    >resumed
printf '%b' "$first\\x09\\x0c\\x05$(download 1)\\x03" >cut
printf '%b' "$first$(download 3)$(download 4)$(download 5)$reboot" >refused
printf '%b' "$first$offer\\x01\\x01\\x00$bring\\x01$whole" >replayed
printf '%b' "$first\\x0a\\x08\\x10\\x01$reboot$(download 1)" >flipped
printf '%b' "$offer\\x00\\x00\\x00$bring\\x00$whole\\x0a\\x08\\x10\\x01$install$crashed" >changed
printf '%b' "\\x01\\x01\\x00\\x01\\x02\\x00\\x01\\x06\\x00\\x01\\x07\\x00\\x01\\x05\\x00" >requests
printf '%b' "\\x00\\x04xPL\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00yz" >noise
