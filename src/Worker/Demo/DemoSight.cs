using System.Text.Json.Nodes;

namespace ExecutionManager.Worker.Demo;

/// <summary>What HTTP shows of one contract: the verdict is read from here, never from the simulation.</summary>
public sealed class DemoSight(JsonObject contract, IReadOnlyList<JsonObject> history, IReadOnlyList<double> estimates)
{
    public string Status => contract["status"]!.GetValue<string>();

    /// <summary>Null when the states were entered in this order, others in between allowed, and the contract ended with the device's word.</summary>
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

        if (next < states.Length)
        {
            return $"'{states[next]}' was not entered in its turn: {string.Join(" -> ", entered)}";
        }

        return contract["outcome"]?["evidence"]?.GetValue<string>() == "device" ? null : "it did not end with the device's word";
    }

    /// <summary>Null when the estimate moved while the device was offline.</summary>
    public string? EstimateMoved() =>
        estimates.Count >= 2 && estimates[^1] > estimates[0] ? null : $"the estimate did not move while offline ({string.Join(", ", estimates)})";

    public string? Replanned() =>
        !history.Any(item => item["report"]?["level"]?.GetValue<string>() == "major") ? "no report of a major divergence"
        : !history.Any(item => item["cause"]!.GetValue<string>() == "revisionAccepted") ? "no revision was accepted"
        : contract["reported"]!["revision"]!.GetValue<int>() > 1 ? null : "the device never had a new revision";

    public string? Recovered(string failure, string strategy) =>
        !history.Any(item => item["evidence"]?["failure"]?["kind"]?.GetValue<string>() == failure) ? $"no failure {failure}"
        : !history.Any(item => item["cause"]!.GetValue<string>() == "decided" && item["evidence"]?["strategy"]?.GetValue<string>() == strategy) ? $"no decision {strategy}"
        : null;
}
