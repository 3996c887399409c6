using System.Text.Json.Nodes;

namespace ExecutionManager.Checker;

/// <summary>What was sent, against what is shown and what was heard.</summary>
internal static class Verdict
{
    public static async Task<List<Finding>> Of(IEnumerable<Play> plays, IReadOnlyCollection<Message> sent, IReadOnlyCollection<Message> received, Sight sight)
    {
        var findings = new List<Finding>();
        // The same message twice is no fault: its reader knows it by its id.
        var heard = received.DistinctBy(message => message.Id).ToLookup(message => Contract(message));
        foreach (var play in plays)
        {
            var id = play.ContractId;
            if (await sight.Contract(id) is not { } contract || await sight.History(id) is not { } history)
            {
                findings.Add(new Finding(Fault.Lost, $"{id}: no worker shows the contract"));
                continue;
            }

            var about = heard[id].ToLookup(message => message.Type, message => message.Body);
            var transitions = history.Where(item => item["to"] is not null).ToList();
            findings.AddRange(State(id, play, contract, transitions));
            findings.AddRange(Journal(id, play, history));
            findings.AddRange(Transitions(id, transitions));
            findings.AddRange(Published(id, transitions, [.. about["ContractStateChanged"]]));
            findings.AddRange(Count(id, "TaskAccepted", sent.Count(message => message.Type == "TaskAssigned" && Contract(message) == id), about["TaskAccepted"].Count()));
            findings.AddRange(Count(id, "ContractEnded", 1, about["ContractEnded"].Count()));
            if (!about["AcknowledgeJournal"].Any(body => body["closed"]!.GetValue<bool>() && body["throughSeq"]!.GetValue<long>() == play.Tail))
            {
                findings.Add(new Finding(Fault.Lost, $"{id}: the journal is not acknowledged through {play.Tail} and closed"));
            }

            findings.AddRange(about["TaskRejected"].Concat(about["RejectDeviceMessage"]).Select(body => new Finding(Fault.Inconsistent, $"{id}: refused {body.ToJsonString()}")));
        }

        return findings;
    }

    private static string? Contract(Message message) => message.Body["contractId"]?.GetValue<string>();

    private static IEnumerable<Finding> State(string id, Play play, JsonObject contract, List<JsonObject> transitions)
    {
        var (status, version, seq) = (contract["status"]!.GetValue<string>(), contract["version"]!.GetValue<long>(), contract["reported"]?["seq"]?.GetValue<long>() ?? 0);
        if (status != "completed")
        {
            yield return new Finding(Fault.Lost, $"{id}: {status}, not completed");
        }

        if (seq != play.Tail)
        {
            yield return new Finding(Fault.Lost, $"{id}: seq {seq} of {play.Tail} is applied");
        }

        if (transitions.LastOrDefault() is { } last && (last["to"]!.GetValue<string>(), last["version"]!.GetValue<long>()) != (status, version))
        {
            yield return new Finding(Fault.Inconsistent, $"{id}: shown as {status} {version}, and its history ends with {last["to"]} {last["version"]}");
        }
    }

    private static IEnumerable<Finding> Journal(string id, Play play, IEnumerable<JsonObject> history)
    {
        var applied = 0L;
        foreach (var evidence in history.Where(item => item["cause"]!.GetValue<string>() == "journalApplied").Select(item => item["evidence"]!))
        {
            var (from, through) = (evidence["fromSeq"]!.GetValue<long>(), evidence["throughSeq"]!.GetValue<long>());
            if (from <= applied)
            {
                yield return new Finding(Fault.Doubled, $"{id}: entries {from}–{Math.Min(through, applied)} are applied again");
            }
            else if (from > applied + 1)
            {
                yield return new Finding(Fault.Lost, $"{id}: entries {applied + 1}–{from - 1} are not applied");
            }

            applied = Math.Max(applied, through);
        }

        if (applied != play.Tail)
        {
            yield return new Finding(Fault.Lost, $"{id}: the history knows entries through {applied} of {play.Tail}");
        }
    }

    private static IEnumerable<Finding> Transitions(string id, List<JsonObject> transitions)
    {
        string? state = null;
        for (var i = 0; i < transitions.Count; i++)
        {
            var (item, version) = (transitions[i], transitions[i]["version"]!.GetValue<long>());
            if (version != i + 1)
            {
                yield return new Finding(version <= i ? Fault.Doubled : Fault.Lost, $"{id}: transition {i + 1} has version {version}");
            }

            if (item["from"]?.GetValue<string>() != state)
            {
                yield return new Finding(Fault.Inconsistent, $"{id}: version {version} leaves {item["from"]}, and {state} was entered before");
            }

            state = item["to"]!.GetValue<string>();
        }
    }

    /// <summary>No state without its event, no event without its state.</summary>
    private static IEnumerable<Finding> Published(string id, List<JsonObject> transitions, IReadOnlyList<JsonObject> events)
    {
        var published = events.ToLookup(body => body["version"]!.GetValue<long>());
        foreach (var item in transitions)
        {
            var version = item["version"]!.GetValue<long>();
            foreach (var finding in Count(id, $"ContractStateChanged {version} to {item["to"]}", 1, published[version].Count()))
            {
                yield return finding;
            }

            foreach (var body in published[version].Where(body => new[] { "from", "to", "cause" }.Any(field => body[field]?.GetValue<string>() != item[field]?.GetValue<string>())))
            {
                yield return new Finding(Fault.Inconsistent, $"{id}: published {body.ToJsonString()}, and the history has {item.ToJsonString()}");
            }
        }

        foreach (var body in published.Where(one => transitions.TrueForAll(item => item["version"]!.GetValue<long>() != one.Key)).SelectMany(one => one))
        {
            yield return new Finding(Fault.Inconsistent, $"{id}: published, but not in the history: {body.ToJsonString()}");
        }
    }

    private static IEnumerable<Finding> Count(string id, string what, int expected, int found)
    {
        if (found != expected)
        {
            yield return new Finding(found < expected ? Fault.Lost : Fault.Doubled, $"{id}: {what} came {found} times for {expected}");
        }
    }
}
