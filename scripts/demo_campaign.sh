#!/bin/bash
# The demo's campaign: a release goes to 2,000 simulated devices in stages, stops itself, and a
# better one arrives. # sourced by demo.sh

fleet_devices=2000

# fleet_live [OPTION...]: the simulated devices poll in the background until fleet_rest.
fleet_live() {
    process_start fleet fleet.log "$PAWL_TOOLS/pawl-fleet" --server "$server_url" \
        --units boxes/units.import --mode live --interval 500 --state boxes.state --json "$@"
}
fleet_rest() { process_stop fleet TERM; }

# campaign_field NUMBER FILTER: of what the server says of a campaign.
campaign_field() { "$pawl" campaign status "$1" --json | jq -r "$2"; }

# campaign_make CLASS-VERSION OPTION...: creates and starts one; its number is in `number`.
campaign_make() {
    local release=$1
    shift
    show "$pawl" campaign create "$release.pawl" --name "$release" --class box \
        --vendor example.com "$@" --start || die "cannot create a campaign"
    number=$("$pawl" campaign list --json | jq '.items[-1].id')
}

campaigns() {
    local number
    chapter "A campaign over $fleet_devices devices that stops itself"
    say "The devices are simulated: they report, open their entitlements and commit for real, and" \
        "nearly a third of them cannot run release 1."
    "$pawl" personalize --quiet --vendor example.com --class box --count "$fleet_devices" \
        --trust vendor.pub.pem --no-pud-files --out boxes >/dev/null 2>&1 ||
        die "cannot personalize"
    show "$pawl" import boxes/units.import
    release box 1 1 vendor.pem echo "box software, release 1"
    publish box-1
    release box 2 1 vendor.pem echo "box software, release 2"
    publish box-2
    campaign_make box-1 --stage 5 20 75 --success 95 --error 5 --minimum 20
    fleet_live --fail-percent 30
    show_live "$pawl" campaign watch "$number"
    tried "a stage with too many failures stops the campaign" "paused error scheduled scheduled" \
        "$(campaign_field "$number" '[.state, .stages[].state] | join(" ")')"
    fleet_rest
    local reached
    reached=$(campaign_field "$number" '.finished + .failed')
    tried "and most devices never heard of it" yes \
        "$([ "$reached" -le $((fleet_devices / 10)) ] && echo yes || echo "no: $reached")"
    show "$pawl" campaign abort "$number" --reason "release 1 does not start on all boxes"
    proven "progress is counted from boots, so a release that arrives but does not run is seen."

    chapter "The release that replaces it"
    campaign_make box-2 --stage 5 20 75 --success 95 --error 5 --minimum 20
    fleet_live
    show_live "$pawl" campaign watch "$number"
    tried "all three stages succeed" "finished finished finished finished" \
        "$(campaign_field "$number" '[.state, .stages[].state] | join(" ")')"
    local attempt
    for attempt in {1..100}; do
        [ "$(campaign_field "$number" .finished)" -lt "$fleet_devices" ] || break
        sleep 0.2
    done
    fleet_rest
    tried "each of $fleet_devices devices runs it, counted once" "$fleet_devices 0" \
        "$(campaign_field "$number" '"\(.finished) \(.failed)"')"
    proven "the campaign was two rows and a bit for each device, at any size of the fleet."
}
