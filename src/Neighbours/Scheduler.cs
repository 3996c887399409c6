using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.Neighbours;

/// <summary>
/// Reference Scheduler: assigns the tasks of a file as they stand there, and what is left of one to the first device of the
/// file that is not excluded and did not have it before: a request excludes only who has it now, and two devices could hand a
/// task to and fro for ever. The id of a contract follows from what it is made of, so an assignment that is repeated, also
/// after a restart, is the same one.
/// </summary>
internal sealed class Scheduler(AssignedTasks file, Conduct conduct) : INeighbour<ReassignmentRequested>
{
    // By task: who was given what a contract left. No more than the file has tasks and devices; a restart forgets it.
    private readonly Dictionary<string, Dictionary<Guid, string>> _given = [];
    private readonly Lock _gate = new();

    public Conduct Conduct => conduct;

    /// <summary>The tasks of the file, each for its own device.</summary>
    public IReadOnlyList<TaskAssigned> Assignments =>
        [.. file.Tasks.Select(task => Assign(task, JsonSerializer.Serialize(task, WireJson.Options))).Select(one => conduct.Fault == Fault.Wrong ? Wrong(one) : one)];

    public Guid ContractOf(ReassignmentRequested request) => request.ContractId;

    /// <summary>Null when every device is excluded or had the task before, or the task is not in the file: its scope is not known here.</summary>
    public object? Answer(ReassignmentRequested request, DateTimeOffset now) => Successor(request);

    public string Why(ReassignmentRequested request) =>
        file.File is null ? $"task {request.TaskId} is not known here: no file is given (Neighbours:Scheduler:Tasks)"
        : file.Tasks.All(task => task.Task!.TaskId != request.TaskId) ? $"task {request.TaskId} is not in {file.File}, so nothing is known of its scope; add it and start again, or assign it yourself"
        : $"task {request.TaskId} has no device left: {file.File} has {string.Join(", ", file.Devices)}, and {string.Join(", ", request.ExcludeDevices)} must not have it{HadBefore(request)}";

    public object WrongAnswer(ReassignmentRequested request, DateTimeOffset now) => Wrong(Successor(request) ?? new() { ContractId = request.ContractId });

    private TaskAssigned? Successor(ReassignmentRequested request) =>
        file.Tasks.FirstOrDefault(task => task.Task!.TaskId == request.TaskId) is { } task && Choose(task, request) is { } device
            ? Assign(task with { DeviceId = device, Task = request.Task, Actions = request.RemainingActions }, $"{request.ContractId} {device}")
            : null;

    private string? Choose(ContractDocument task, ReassignmentRequested request)
    {
        lock (_gate)
        {
            var given = _given.TryGetValue(request.TaskId, out var before) ? before : _given[request.TaskId] = [];
            if (given.TryGetValue(request.ContractId, out var same) && !request.ExcludeDevices.Contains(same))
                return same;
            var device = file.Devices.Except(request.ExcludeDevices).Except(given.Values.Append(task.DeviceId!)).FirstOrDefault();
            if (device is not null)
                given[request.ContractId] = device;
            return device;
        }
    }

    private string HadBefore(ReassignmentRequested request)
    {
        var first = file.Tasks.First(task => task.Task!.TaskId == request.TaskId).DeviceId!;
        lock (_gate)
        {
            List<string> before = [.. _given.GetValueOrDefault(request.TaskId, []).Values.Prepend(first).Except(request.ExcludeDevices)];
            return before is [] ? "" : $"; {string.Join(", ", before)} had it before";
        }
    }

    /// <summary>An assignment without actions.</summary>
    private static TaskAssigned Wrong(TaskAssigned assigned) => assigned with { Actions = [] };

    private static TaskAssigned Assign(ContractDocument task, string name)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(name))[..16];
        (bytes[6], bytes[8]) = ((byte)(bytes[6] & 0x0F | 0x80), (byte)(bytes[8] & 0x3F | 0x80));   // UUID version 8: of the maker's own making
        return TaskAssigned.From(task with { ContractId = new Guid(bytes, bigEndian: true) });
    }
}
