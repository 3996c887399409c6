using System.Text.Json.Nodes;

namespace ExecutionManager.Worker.Demo;

/// <summary>What HTTP shows of one contract: the verdict is read from here, never from the simulation.</summary>
/// <param name="others">All contracts of the demo.</param>
public sealed class DemoSight(JsonObject contract, IReadOnlyList<JsonObject> history, IReadOnlyList<double> estimates, IReadOnlyList<JsonObject> others)
{
    /// <summary>
    /// Null when the states were entered in this order, others in between allowed but for a failure, and the contract ended by what proves it.
    /// </summary>
    public string? Went(params string[] states)
    {
        var entered = history.Select(item => item["to"]?.GetValue<string>()).OfType<string>().ToList();
        var next = 0;
        foreach (var state in entered)
        {
            if (next < states.Length && state == states[next])
            {
                next++;
            }
        }

        if (next < states.Length || (entered.Contains("recovering") && !states.Contains("recovering")))
        {
            return $"{(next < states.Length ? $"'{states[next]}' was not entered in its turn" : "it failed")}: {string.Join(" -> ", entered)}";
        }

        var (evidence, expected) = (contract["outcome"]?["evidence"]?.GetValue<string>(), states[^1] == "completed" ? "device" : "leaseEnd");
        return evidence == expected ? null : $"what proves its end is '{evidence}', not '{expected}'";
    }

    /// <summary>Null when the estimate moved while the device was offline.</summary>
    public string? EstimateMoved() =>
        estimates.Count >= 2 && estimates[^1] > estimates[0] ? null : $"the estimate did not move while offline ({string.Join(", ", estimates)})";

    public string? Replanned() =>
        !history.Any(item => item["report"]?["level"]?.GetValue<string>() == "major") ? "no report of a major divergence"
        : !history.Any(item => item["cause"]!.GetValue<string>() == "revisionAccepted") ? "no revision was accepted"
        : contract["reported"]!["revision"]!.GetValue<int>() > 1 ? null : "the device never had a new revision";

    /// <param name="byOperator">Whether a person decided, not the Policy Service.</param>
    public string? Recovered(string failure, string strategy, bool byOperator = false) =>
        !history.Any(item => item["evidence"]?["failure"]?["kind"]?.GetValue<string>() == failure) ? $"no failure {failure}"
        : !history.Any(item => item["cause"]!.GetValue<string>() == "decided" && item["evidence"]?["strategy"]?.GetValue<string>() == strategy
            && item["evidence"]?["by"] is not null == byOperator) ? $"no decision {strategy}{(byOperator ? " of an operator" : "")}"
        : null;

    /// <summary>Null when it succeeds another contract of its task, and did not exist before that one's device was known to stand still.</summary>
    public string? TookOver() =>
        others.SingleOrDefault(other => other["successorId"]?.GetValue<string>() == contract["contractId"]!.GetValue<string>()) is not { } first ? "it succeeds no contract"
        : contract["fencingToken"]!.GetValue<long>() <= first["fencingToken"]!.GetValue<long>() ? "its fencing token is not higher"
        : contract["createdAt"]!.GetValue<DateTimeOffset>() < first["safeToReassignAt"]!.GetValue<DateTimeOffset>() ? "the first device might still have moved"
        : null;
}
